// What a run needs of the history, in one file of its own that is loaded late.

export { openHistory } from '../../history/history.js';
export { takenOver } from '../../history/report.js';
