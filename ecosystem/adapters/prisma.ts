import { PrismaPg } from '@prisma/adapter-pg';
import { postgresStore } from 'livinglock/postgres';

/** What a generated client has of what is used here. It does not exist yet when this is compiled. */
export type PrismaClientClass = new (options: {
  adapter: PrismaPg;
}) => {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $disconnect(): Promise<void>;
};

export function open(url: string, PrismaClient: PrismaClientClass) {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const store = postgresStore({ query: (text, values = []) => prisma.$queryRawUnsafe(text, ...values) });
  return { store, end: () => prisma.$disconnect() };
}
