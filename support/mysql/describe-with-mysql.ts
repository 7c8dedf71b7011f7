import { describeWithServer } from '../describe-with-server.js';
import { canServeMysql, MysqlServer } from './mysql-server.js';

/** Defines tests that share a MariaDB server. */
export function describeWithMysql(
  title: string,
  define: (server: () => MysqlServer) => void,
  ...settings: string[]
): void {
  describeWithServer(title, canServeMysql, () => MysqlServer.start(...settings), define);
}
