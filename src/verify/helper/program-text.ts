/** What a helper runs. In the package, scripts/bundle.js puts the whole program here: in a user's bundle there is no file to start. */
export const PROGRAM_TEXT = `import(${JSON.stringify(new URL('./program.js', import.meta.url))})`;
