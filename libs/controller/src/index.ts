export * from './controller.ts';
export * from './runner.ts';
export * from './work-queue.ts';
