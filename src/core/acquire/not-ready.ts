/** What a server answers as long as it cannot do anything yet. Only Redis answers these, and its store has then tried for as long as it may. */
export const NOT_READY: readonly string[] = ['LOADING', 'TRYAGAIN', 'BUSY', 'CLUSTERDOWN', 'MASTERDOWN'];
