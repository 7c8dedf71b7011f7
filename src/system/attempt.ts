/** What the function returns, or the other value if it throws: for a question to the system to which any error is an answer. */
export function attempt<T, U>(act: () => T, otherwise: U): T | U {
  try {
    return act();
  } catch {
    return otherwise;
  }
}
