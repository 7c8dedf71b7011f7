import { truncateSync, writeFileSync } from 'node:fs';

// The layout is that of Microsoft's "FAT: General Overview of On-Disk Format", version 1.03, for FAT16.

const SECTOR = 512;
const SECTORS = 32_768;
const SECTORS_PER_CLUSTER = 4;
const ROOT_ENTRIES = 512;
const ENTRY = 32;
const FATS = 2;
/** With 4,085 to 65,524 clusters it is FAT16: here there are about 8,000, of two bytes each. */
const SECTORS_PER_FAT = Math.ceil((SECTORS / SECTORS_PER_CLUSTER) * (2 / SECTOR));
const FIXED_DISK = 0xf8;

/** Makes an empty FAT file system of 16 MiB in a file, as mkfs.fat(8) does. */
export function makeFatImage(path: string): void {
  const system = Buffer.alloc(SECTOR * (1 + FATS * SECTORS_PER_FAT) + ROOT_ENTRIES * ENTRY);
  writeBootSector(system);
  for (let fat = 0; fat < FATS; fat++) {
    // The first two entries are no clusters: the medium, and "cleanly unmounted".
    system.writeUInt16LE(0xff00 | FIXED_DISK, SECTOR * (1 + fat * SECTORS_PER_FAT));
    system.writeUInt16LE(0xffff, SECTOR * (1 + fat * SECTORS_PER_FAT) + 2);
  }
  writeFileSync(path, system);
  truncateSync(path, SECTOR * SECTORS);
}

function writeBootSector(sector: Buffer): void {
  sector.set([0xeb, 0x3c, 0x90]);
  sector.write('MSWIN4.1', 3, 'latin1');
  sector.writeUInt16LE(SECTOR, 11);
  sector.writeUInt8(SECTORS_PER_CLUSTER, 13);
  // The reserved sectors: this one.
  sector.writeUInt16LE(1, 14);
  sector.writeUInt8(FATS, 16);
  sector.writeUInt16LE(ROOT_ENTRIES, 17);
  sector.writeUInt16LE(SECTORS, 19);
  sector.writeUInt8(FIXED_DISK, 21);
  sector.writeUInt16LE(SECTORS_PER_FAT, 22);
  // The geometry: 32 sectors per track, 64 heads.
  sector.writeUInt16LE(32, 24);
  sector.writeUInt16LE(64, 26);
  sector.writeUInt8(0x80, 36);
  // An extended boot signature: volume ID, label and type follow.
  sector.writeUInt8(0x29, 38);
  sector.writeUInt32LE(0x6c6c_6b74, 39);
  sector.write('NO NAME    FAT16   ', 43, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
}
