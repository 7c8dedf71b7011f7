import { afterEach, describe, expect, it, vi } from 'vitest';
import { processesWith } from '../../../../src/cli/run/sign/processes-with-socket.js';
import { systemProcesses } from '../../../../src/index.js';

const NO_COVER = { willCoverCommand: false, coversWorkersNow: false };

afterEach(() => void vi.restoreAllMocks());

describe('the process table', () => {
  const socket = {
    name: 'net:[1] livinglock/x 7',
    descriptor: 20,
    inode: 7n,
    close: () => {},
    renew: async () => {},
  };

  it('is that of the system without a socket', () => {
    const table = processesWith(null, NO_COVER);
    expect(table.self()).toEqual(systemProcesses().self());
    expect(table.identify(process.pid)).toEqual(systemProcesses().identify(process.pid));
  });

  it('says that the sign of life outlasts what it names, as long as that is so', () => {
    const commandSign = { willCoverCommand: true, coversWorkersNow: false };
    const table = processesWith(null, commandSign);
    expect(table.self()).toMatchObject({ sign: true });
    expect(table.identify(process.pid)).not.toHaveProperty('sign');
    commandSign.coversWorkersNow = true;
    expect(table.identify(process.pid)).toMatchObject({ sign: true });
  });

  it('names the socket with this process and with groups', () => {
    const system = systemProcesses();
    const table = processesWith(socket, NO_COVER);
    expect(table.self()).toEqual({ ...system.self(), inheritedSocket: socket.name });
    vi.spyOn(system, 'identify').mockImplementation((pid, group) =>
      pid === 1 ? null : { ...system.self(), pid, ...(group === true ? { group } : {}) },
    );
    expect(table.identify(20, true)).toMatchObject({ pid: 20, inheritedSocket: socket.name });
    expect(table.identify(20, false)).not.toHaveProperty('inheritedSocket');
    expect(table.identify(process.pid)).toMatchObject({ inheritedSocket: socket.name });
    expect(table.identify(1, true)).toBeNull();
  });

  it('takes the start of what it names for now, where it takes a program to find out', () => {
    const system = systemProcesses();
    const identify = vi.spyOn(system, 'identify');
    const liveness = vi.spyOn(system, 'liveness').mockReturnValue('alive');
    const before = Date.now();
    const table = processesWith(null, NO_COVER, [], true);
    const { started, ...rest } = table.identify(4242) ?? {};
    expect(Date.parse(started ?? '')).toBeGreaterThanOrEqual(before);
    expect(Date.parse(started ?? '')).toBeLessThanOrEqual(Date.now());
    expect({ ...rest, started: null }).toEqual({ ...system.self(), pid: 4242, started: null });
    // Otherwise it would be asked when the process began.
    expect(liveness).toHaveBeenCalledWith(expect.objectContaining({ pid: 4242, started: null }));
    liveness.mockReturnValue('dead');
    expect(table.identify(4242)).toBeNull();
    expect(identify).not.toHaveBeenCalled();
  });

  it('leaves everything else to the system', async () => {
    const system = systemProcesses();
    const table = processesWith(socket, NO_COVER);
    const self = system.self();
    const liveness = vi.spyOn(system, 'liveness').mockReturnValue('dead');
    const terminate = vi.spyOn(system, 'terminate').mockResolvedValue();
    const refuse = vi.spyOn(system, 'refuseTermination').mockReturnValue();
    vi.spyOn(system, 'uptime').mockReturnValue(5);
    expect(table.liveness(self, 3)).toBe('dead');
    expect(liveness).toHaveBeenCalledWith(self, 3);
    await table.terminate(self, 4, null);
    expect(terminate).toHaveBeenCalledWith(self, 4, null);
    table.refuseTermination?.(self, null);
    expect(refuse).toHaveBeenCalledWith(self, null);
    expect(table.uptime?.()).toBe(5);
  });
});
