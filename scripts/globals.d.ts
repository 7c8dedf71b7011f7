// Names that the declarations of this package use, for compilers without the types of Node or of the DOM. With them, this adds nothing.
interface AbortSignal {
  readonly aborted: boolean;
}
interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
}
