/** What the library told a contender, or what the contender is about to ask of it. */
export type Event =
  | { readonly kind: 'acquiring' | 'beating' | 'releasing' }
  | { readonly kind: 'acquired'; readonly token: string }
  | { readonly kind: 'busy'; readonly reason: string }
  | { readonly kind: 'beaten' | 'released' | 'lost' | 'foreign' }
  /** The guard was held by another for too long. */
  | { readonly kind: 'occupied' }
  | { readonly kind: 'failed'; readonly error: string };

export function parseEvent(text: string): Event {
  const [kind = '', ...rest] = text.split(' ');
  const details = rest.join(' ');
  switch (kind) {
    case 'acquiring':
    case 'beating':
    case 'releasing':
    case 'beaten':
    case 'released':
    case 'lost':
    case 'occupied':
    case 'foreign':
      return { kind };
    case 'acquired':
      return { kind, token: details };
    case 'busy':
      return { kind, reason: details };
    default:
      return { kind: 'failed', error: details };
  }
}
