/** An account of the operating system. */
export interface FileOwner {
  uid: number;
  gid: number;
}
