/** Node has it from 22.5 on, and so do its types; this package is its twin. */
declare module 'node:sqlite' {
  export { DatabaseSync } from '@photostructure/sqlite';
}
