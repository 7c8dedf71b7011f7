import { PrismaPg } from '@prisma/adapter-pg';
import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';

/** What a generated client has of what is used here. It does not exist yet when this is compiled. */
export type PrismaClientClass = new (options: { adapter: PrismaPg }) => PrismaClient;

interface PrismaClient extends Prisma.TransactionClient {
  $transaction(work: (tx: Prisma.TransactionClient) => Promise<void>): Promise<void>;
  $disconnect(): Promise<void>;
}

declare namespace Prisma {
  interface TransactionClient {
    readonly payout: {
      updateMany(update: { data: { state: string }; where: { state: string } }): Promise<unknown>;
    };
    $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  }
}

export function open(url: string, PrismaClient: PrismaClientClass) {
  const connectionOf = (db: Prisma.TransactionClient): PostgresConnection => ({
    query: (text, values = []) => db.$queryRawUnsafe(text, ...values),
  });
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const store = postgresStore(connectionOf(prisma));

  async function pay(lock: FencedLock) {
    await prisma.$transaction(async (tx) => {
      await fence(connectionOf(tx), lock);
      await tx.payout.updateMany({ data: { state: 'paid' }, where: { state: 'due' } });
    });
  }

  return { store, connection: connectionOf(prisma), pay, end: () => prisma.$disconnect() };
}
