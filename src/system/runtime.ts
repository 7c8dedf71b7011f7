// Bun and Deno have the modules of Node, which do not behave alike in everything.

export const isBun = 'bun' in process.versions;
export const isDeno = 'deno' in process.versions;
