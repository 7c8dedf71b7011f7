/** By this property, copies of this package in one process, or in contexts of their own as in Jest, know each other's errors. */
const KIND = Symbol.for('livinglock error');

/** A class of errors. */
interface Kind {
  readonly prototype: object;
}

/** Makes `instanceof` true for the errors of all copies of the package: a store, for example, may come from a package that has its own. */
export function shareAll(base: Kind): void {
  Object.defineProperty(base, Symbol.hasInstance, { value: hasInstance });
}

/** @param name What that class is called in all copies. */
export function share(kind: Kind, name: string): void {
  Object.defineProperty(kind.prototype, KIND, { value: name });
}

function hasInstance(this: Kind, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  const name = nameIn(this.prototype);
  return name !== undefined && namesOf(value).includes(name);
}

function namesOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [nameIn(value), ...namesOf(Object.getPrototypeOf(value))];
}

/** Not of what it inherits from: a class that a user derives from one of ours has only its own instances. */
function nameIn(prototype: object): unknown {
  return Object.hasOwn(prototype, KIND) ? Reflect.get(prototype, KIND) : undefined;
}
