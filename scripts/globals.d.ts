// Names that the declarations of this package use, for compilers without the types of Node or of the DOM, or for a target before ES2022. Otherwise this adds nothing.
interface AbortSignal {
  readonly aborted: boolean;
}
interface ErrorOptions {
  cause?: unknown;
}
interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
}
