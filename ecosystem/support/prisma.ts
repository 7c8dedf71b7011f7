import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PrismaClientClass } from '../adapters/prisma.js';

const SCHEMA = `
generator client {
  provider = "prisma-client"
  output   = "./client"
}
datasource db {
  provider = "postgresql"
}
model Payout {
  id    Int    @id
  state String

  @@map("payouts")
}
`;

/** Below this folder, Node finds the packages that the client imports. */
const FOLDER = join(import.meta.dirname, '..', 'build', 'prisma');
const PRISMA = join(import.meta.dirname, '..', 'node_modules', 'prisma', 'build', 'index.js');

let generated: Promise<PrismaClientClass> | undefined;

/** The client that Prisma writes, as it does in each project. */
export function generatedClient(): Promise<PrismaClientClass> {
  generated ??= generate();
  return generated;
}

async function generate(): Promise<PrismaClientClass> {
  mkdirSync(FOLDER, { recursive: true });
  try {
    writeFileSync(join(FOLDER, 'schema.prisma'), SCHEMA);
    execFileSync(process.execPath, [PRISMA, 'generate', '--schema', join(FOLDER, 'schema.prisma')], {
      cwd: FOLDER,
      stdio: 'pipe',
      // The engine for migrations is not needed, and would be downloaded.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    });
    const { PrismaClient } = await import(pathToFileURL(join(FOLDER, 'client', 'client.ts')).href);
    return PrismaClient;
  } finally {
    rmSync(FOLDER, { recursive: true });
  }
}
