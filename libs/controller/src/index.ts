export * from './controller.ts';
export { DeclaredCaches, undeclaredWrite } from './declarations.ts';
export * from './runner.ts';
export * from './slow-reconciler.ts';
export * from './work-queue.ts';
