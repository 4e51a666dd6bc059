// A typical program on this stack, for comparison: a gateway with a ValidationPipe, a repository with save(), and an emit to
// the room. It has no message numbers, no idempotency and no catch-up, and it uses the token as the user's id.
import 'reflect-metadata';
import { Injectable, Module, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import { IsString, IsUUID, MaxLength } from 'class-validator';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { Server, Socket } from 'socket.io';
import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Repository,
  type Relation,
} from 'typeorm';

@Entity('rooms')
class Room {
  @PrimaryColumn('uuid')
  id: string;
}

@Entity('members')
class Member {
  @PrimaryColumn('uuid')
  roomId: string;

  @PrimaryColumn('uuid')
  userId: string;
}

@Entity('messages')
@Index(['roomId', 'createdAt'])
class Message {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column('uuid')
  roomId: string;

  @ManyToOne(() => Room)
  @JoinColumn({ name: 'roomId' })
  room?: Relation<Room>;

  @Column('uuid')
  senderId: string;

  @Column('text')
  body: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}

class SendDto {
  @IsUUID('all')
  conversationId: string;

  @IsString()
  @MaxLength(4_000)
  body: string;
}

@Injectable()
class ChatService {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    @InjectRepository(Member) private readonly members: Repository<Member>,
  ) {}

  roomsOf(userId: string): Promise<Member[]> {
    return this.members.findBy({ userId });
  }

  isMember(roomId: string, userId: string): Promise<boolean> {
    return this.members.exists({ where: { roomId, userId } });
  }

  add(senderId: string, { conversationId: roomId, body }: SendDto): Promise<Message> {
    return this.messages.save(this.messages.create({ roomId, senderId, body }));
  }
}

@WebSocketGateway({ transports: ['websocket'], perMessageDeflate: false })
class ChatGateway implements OnGatewayConnection {
  @WebSocketServer()
  server: Server;

  constructor(private readonly chat: ChatService) {}

  async handleConnection(socket: Socket): Promise<void> {
    const { token } = socket.handshake.auth as { token: string };
    (socket.data as { userId: string }).userId = token;
    await socket.join((await this.chat.roomsOf(token)).map((member) => member.roomId));
    socket.emit('ready');
  }

  @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
  @SubscribeMessage('message:send')
  async send(@ConnectedSocket() socket: Socket, @MessageBody() dto: SendDto): Promise<object> {
    const { userId } = socket.data as { userId: string };
    if (!(await this.chat.isMember(dto.conversationId, userId))) return { ok: false };
    const message = await this.chat.add(userId, dto);
    this.server.to(dto.conversationId).emit('message:created', message);
    return { ok: true, data: message };
  }
}

const entities = [Room, Member, Message];

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env.DATABASE_URL,
      entities,
      synchronize: true,
      poolSize: 10,
    }),
    TypeOrmModule.forFeature(entities),
  ],
  providers: [ChatService, ChatGateway],
})
class AppModule {}

async function main(): Promise<void> {
  const application = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  application.useWebSocketAdapter(new IoAdapter(application));
  await application.listen(0, '127.0.0.1');
  const { port } = (application.getHttpServer() as TcpServer).address() as AddressInfo;
  process.stdout.write(`serves at http://127.0.0.1:${port}\n`);
}

void main();
