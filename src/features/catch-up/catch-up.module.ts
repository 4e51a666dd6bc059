import { Module } from '@nestjs/common';
import { CatchUpController } from './catch-up.controller';
import { CatchUpGateway } from './catch-up.gateway';
import { CatchUpService } from './catch-up.service';

@Module({
  controllers: [CatchUpController],
  providers: [CatchUpService, CatchUpGateway],
  exports: [CatchUpService],
})
export class CatchUpModule {}
