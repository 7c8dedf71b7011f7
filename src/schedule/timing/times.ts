/** When a job runs, by the wall clock: at each combination of these fields. All lists are sorted. */
export interface Times {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: Days;
  /** 1 is January. */
  readonly months: readonly number[];
}

/** The days on which a job runs. 0 is Sunday. */
export type Days =
  | { readonly by: 'any' }
  | { readonly by: 'month'; readonly days: readonly number[] }
  | { readonly by: 'week'; readonly weekdays: readonly number[] }
  /** cron's rule if both are restricted: one of them is enough. */
  | { readonly by: 'either'; readonly days: readonly number[]; readonly weekdays: readonly number[] };
