import type { Reporter, TestCase } from 'vitest/node';
import type { ParityEntry } from './compare.ts';

/** Prints, after a run, the largest error of every stage that was compared with the reference. */
class TableReporter implements Reporter {
  readonly #worst = new Map<string, ParityEntry>();

  onTestCaseResult(test: TestCase): void {
    for (const entry of test.meta().parity ?? []) {
      const known = this.#worst.get(entry.stage);
      if (!known || entry.error / entry.tolerance > known.error / known.tolerance) this.#worst.set(entry.stage, entry);
    }
  }

  onTestRunEnd(): void {
    const width = Math.max(...[...this.#worst.keys()].map((stage) => stage.length));
    console.log(`\n${'stage'.padEnd(width)}  max error              tolerance`);
    for (const { stage, measure, error, tolerance } of [...this.#worst.values()].sort((a, b) =>
      a.stage < b.stage ? -1 : 1,
    )) {
      console.log(
        `${stage.padEnd(width)}  ${error.toExponential(1)} ${measure.padEnd(12)}  ${tolerance.toExponential(0)}`,
      );
    }
  }
}

export default TableReporter;
