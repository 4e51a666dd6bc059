import { DataSource } from 'typeorm';
import { inTransaction } from '../platform/database/transaction';
import { migrationOptions } from '../platform/database/database-options';
import { SCHEMA } from '../schema';
import { User } from '../users/user.entity';
import { print } from './output';
import { withDatabase } from './with-database';

export async function grantCommand(username: string, options: { json?: boolean }): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
    try {
      const name = username.toLowerCase();
      const { affected } = await inTransaction(dataSource, (manager) =>
        manager.update(User, { username: name }, { isOperator: true }),
      );
      if (affected === 0) throw new Error(`There is no user "${name}".`);
      print(options, `${name} is an operator now`, { username: name, operator: true });
    } finally {
      await dataSource.destroy();
    }
  });
}
