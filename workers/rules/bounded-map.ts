/** A memory of limited size: the oldest key goes when a new one would be too many. */

export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** Remembers the `maxKeys` keys that were set last. */
export function newBoundedMap<Value>(maxKeys: number): BoundedMap<Value> {
  const values = new Map<string, Value>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      const [oldest] = values.keys();
      if (values.size >= maxKeys && oldest !== undefined) values.delete(oldest);
      values.set(key, value);
    },
    delete(key) {
      values.delete(key);
    },
  };
}
