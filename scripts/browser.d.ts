export declare const FLAGS: readonly string[];
/** The first browser that is installed, or the one that `CHROMIUM` names; `undefined` without one. */
export declare function findBrowser(): string | undefined;
