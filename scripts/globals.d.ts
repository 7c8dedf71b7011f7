// Names that the declarations of this package use, for compilers without the types of Node or of the DOM. With them, this adds nothing.
// biome-ignore lint/suspicious/noEmptyInterface: an alias would not merge with the real one.
interface AbortSignal {}
interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
}
