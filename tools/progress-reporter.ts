// Prints what a long test run does while it runs: a line for each file that has ended, and one at least every 20 seconds, so that
// whoever watches (a person, or CI that ends what has gone quiet) sees that it goes on, and where.
import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node';

const quietMsMax = 20_000;

export default class ProgressReporter implements Reporter {
  readonly #running = new Map<string, number>();
  #vitest: Vitest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #files = 0;
  #filesEnded = 0;
  #passed = 0;
  #failed = 0;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#files = specifications.length;
    this.#timer = setInterval(() => this.#print(this.#runningNow()), quietMsMax);
  }

  onTestModuleStart(module: TestModule): void {
    this.#running.set(module.relativeModuleId, performance.now());
  }

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state === 'passed') this.#passed++;
    if (state !== 'failed') return;
    this.#failed++;
    this.#print(`FAILED ${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestModuleEnd(module: TestModule): void {
    const startMs = this.#running.get(module.relativeModuleId) ?? performance.now();
    this.#running.delete(module.relativeModuleId);
    this.#filesEnded++;
    const seconds = (performance.now() - startMs) / 1000;
    if (seconds > 1) this.#print(`${module.state()} ${module.relativeModuleId} in ${seconds.toFixed(1)} s`);
  }

  onTestRunEnd(_modules: readonly TestModule[], _errors: readonly unknown[], _reason: TestRunEndReason): void {
    clearInterval(this.#timer);
  }

  #runningNow(): string {
    const names = [...this.#running.keys()];
    return names.length === 0 ? 'setting up or ending' : `running ${names.join(', ')}`;
  }

  #print(what: string): void {
    this.#vitest?.logger.log(`${this.#filesEnded}/${this.#files} files, ${this.#passed} passed, ${this.#failed} failed: ${what}`);
  }
}
