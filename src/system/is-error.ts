/** Also an error of another realm: in a test of Jest, which runs in a context of its own, Node's errors are of another class `Error`. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
