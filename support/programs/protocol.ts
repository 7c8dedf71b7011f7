import type { AcquireOptions } from 'livinglock';

/** Ends or pauses an actor right before one of a command's file-system calls or statements. */
export interface Interruption {
  /** Which one: counted from 1, or the first of that name. */
  readonly before: number | string;
  readonly by: 'SIGKILL' | 'SIGSTOP';
}

/** A command to an actor. */
export type Command =
  | {
      readonly do: 'acquire';
      readonly path: string;
      readonly options?: Pick<AcquireOptions, 'staleTimeout' | 'heartbeatMinimalInterval' | 'wait'>;
      /** The folder of a {@link Room} to enter with the lock. */
      readonly room?: string;
      /** A {@link Ledger} to sign with the lock. */
      readonly ledger?: string;
      readonly interruption?: Interruption;
    }
  | {
      readonly do: 'heartBeat';
      readonly path: string;
      readonly ledger?: string;
      readonly interruption?: Interruption;
    }
  | {
      readonly do: 'release';
      readonly path: string;
      /** The room to leave before the lock is released. */
      readonly room?: string;
      readonly interruption?: Interruption;
    }
  /** Acquires, enters the room, leaves it and releases, repeatedly, until the process is killed. */
  | { readonly do: 'work'; readonly path: string; readonly room: string }
  /** The same, whatever errors the store gives meanwhile: as soon as it can be reached again, the work goes on. */
  | { readonly do: 'workOn'; readonly path: string; readonly room: string }
  /** Shows the actor's locks a time that many milliseconds in the past; 0 is the present again. */
  | { readonly do: 'turnClockBack'; readonly by: number }
  /** Sets only their wall clock that many milliseconds ahead of the machine's. */
  | { readonly do: 'stepWallClock'; readonly by: number }
  /** From now on waits for up to 2 ms before each file-system call. */
  | { readonly do: 'dawdle' }
  /** Opens files until the system has no more descriptors for it; closes them again. */
  | { readonly do: 'useUpDescriptors' }
  | { readonly do: 'freeDescriptors' };

/** An actor's answer to a command. */
export type Report =
  | { readonly outcome: 'ready'; readonly pid: number }
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly name: string; readonly code: string; readonly message: string };

export function isCommand(message: unknown): message is Command {
  return typeof message === 'object' && message !== null && 'do' in message;
}
