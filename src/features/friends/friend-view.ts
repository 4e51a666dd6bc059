import type { FriendRequest } from './friend-request.entity';
import { userView } from '../users/users.dto';
import type { FriendRequestView } from './friends.dto';

/** The caller must have loaded `sender` and `recipient`. */
export function friendRequestView(request: FriendRequest): FriendRequestView {
  return {
    id: request.id,
    sender: userView(request.sender!),
    recipient: userView(request.recipient!),
    status: request.status,
    message: request.message,
    createdAt: request.createdAt.toISOString(),
    respondedAt: request.respondedAt?.toISOString() ?? null,
  };
}
