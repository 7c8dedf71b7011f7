import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemFileSystem } from '../../../../src/stores/file/file-system.js';
import { guardLifeName, ownerName } from '../../../../src/stores/file/guard/guard-names.js';
import { GuardSign } from '../../../../src/stores/file/guard/guard-sign.js';
import type { Life } from '../../../../src/system/signs-of-life/sign-of-life.js';
import { World } from '../../../../support/world.js';

let world: World;
let life: Life;
/** The process's own file in the guard. */
let own: { readonly name: string; readonly descriptor: number };
/** Where its sign of life belongs. */
let place: string;

beforeEach(() => {
  world = new World();
  life = world.processes.lifeOf();
  const name = ownerName({ identity: world.processes.self(), thread: 0 });
  const descriptor = openSync(join(world.folder, name), 'wx');
  onTestFinished(() => closeSync(descriptor));
  own = { name, descriptor };
  place = pathOf(guardLifeName(name, statSync(world.folder).dev));
});

function pathOf(name: string): string {
  return join(world.folder, name);
}

function begin(needs: {
  keepsSign?: boolean;
  keptSign?: string | null;
  life?: Life | null;
}): GuardSign | null {
  const context = {
    fs: systemFileSystem,
    processes: world.as().processes,
    life,
    keepsSign: false,
    keptSign: null,
    answers: new Map(),
    isOfEarlierBoot: () => false,
    isClosed: true,
    ...needs,
  };
  return GuardSign.begin(context, own, pathOf);
}

describe('the sign of life of a process in a guard', () => {
  it('is not kept if none is needed, or where signs cannot be kept, or not be moved', () => {
    const immovable: Life = {
      when: 'claiming',
      isMovable: false,
      needsLocalFiles: false,
      keep: (path) => life.keep(path),
      ask: (path) => life.ask(path),
    };
    expect(begin({})).toBeNull();
    expect(begin({ life: null, keepsSign: true })).toBeNull();
    expect(begin({ life: immovable, keepsSign: true })).toBeNull();
    expect(world.files).toEqual([own.name]);
  });

  it('lasts until it is closed, in a file whose name tells the device', async () => {
    const sign = begin({ keepsSign: true });
    expect(pathOf(sign?.name ?? '')).toBe(place);
    expect(await life.ask(place)).toBe('alive');
    sign?.close();
    expect(await life.ask(place)).toBe('dead');
    expect(() => sign?.close()).not.toThrow();
  });

  it.each([false, true])(
    'is the one that it keeps beside the lock, which outlasts the stay (a new one would be possible: %s)',
    async (keepsSign) => {
      const keptSign = pathOf('kept');
      life.keep(keptSign);
      const sign = begin({ keptSign, keepsSign });
      expect(statSync(place).ino).toBe(statSync(keptSign).ino);
      sign?.close();
      expect(await life.ask(keptSign)).toBe('alive');
    },
  );

  it('is a new one if the one beside the lock is gone', async () => {
    const sign = begin({ keptSign: pathOf('gone'), keepsSign: true });
    expect(await life.ask(place)).toBe('alive');
    sign?.close();
    expect(begin({ keptSign: pathOf('gone'), keepsSign: false })).toBeNull();
  });

  describe('that is left at another place', () => {
    it('is kept there by the caller from then on', async () => {
      const sign = begin({ keepsSign: true });
      let numbers = {};
      const left = sign?.leave(systemFileSystem, place, (found) => {
        numbers = found;
        return pathOf('left');
      });
      const { dev, ino } = statSync(place);
      expect(numbers).toEqual({ dev, ino });
      sign?.close();
      expect(await life.ask(pathOf('left'))).toBe('alive');
      left?.close();
      expect(await life.ask(pathOf('left'))).toBe('dead');
    });

    it('stays with the guard if that place is taken', async () => {
      const sign = begin({ keepsSign: true });
      expect(sign?.leave(systemFileSystem, place, () => pathOf(own.name))).toBeNull();
      expect(await life.ask(place)).toBe('alive');
      sign?.close();
      expect(await life.ask(place)).toBe('dead');
    });

    it('is not left a second time if the caller keeps it already', () => {
      const keptSign = pathOf('kept');
      life.keep(keptSign);
      const sign = begin({ keptSign });
      expect(sign?.leave(systemFileSystem, place, () => pathOf('left'))).toBeNull();
      expect(existsSync(pathOf('left'))).toBe(false);
    });
  });
});
