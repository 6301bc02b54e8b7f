// Finding a series by its labels costs more than counting in it; there are as many as labels let there be.
export class Series<T> {
  readonly #known = new Map<string, T>();

  of(key: string, make: () => T): T {
    let series = this.#known.get(key);
    if (series === undefined) {
      series = make();
      this.#known.set(key, series);
    }
    return series;
  }
}
