import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module';
import { ErasureWorker } from './erasure-worker';
import { Erasures } from './erasures';
import { JournalKeeper } from './journal-keeper';
import { LeavingController } from './leaving.controller';
import { LeavingService } from './leaving.service';

@Module({
  imports: [AuthenticationModule],
  controllers: [LeavingController],
  providers: [Erasures, JournalKeeper, ErasureWorker, LeavingService],
})
export class LeavingModule {}
