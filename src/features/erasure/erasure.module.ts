import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module';
import { ErasureWorker } from './erasure-worker';
import { Erasures } from './erasures';
import { JournalKeeper } from './journal-keeper';
import { ErasingController } from './erasure.controller';
import { ErasingService } from './erasure.service';

@Module({
  imports: [AuthenticationModule],
  controllers: [ErasingController],
  providers: [Erasures, JournalKeeper, ErasureWorker, ErasingService],
})
export class ErasingModule {}
