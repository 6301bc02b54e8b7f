export * from './controller.ts';
export * from './runner.ts';
export * from './slow-reconciler.ts';
export * from './work-queue.ts';
