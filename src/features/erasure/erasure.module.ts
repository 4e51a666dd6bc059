import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module';
import { ErasureWorker } from './erasure-worker';
import { Erasures } from './erasures';
import { JournalKeeper } from './journal-keeper';
import { ErasureController } from './erasure.controller';
import { ErasureService } from './erasure.service';

@Module({
  imports: [AuthenticationModule],
  controllers: [ErasureController],
  providers: [Erasures, JournalKeeper, ErasureWorker, ErasureService],
})
export class ErasureModule {}
