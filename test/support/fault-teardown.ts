import { closeRecords } from './fault-matrix';

export default closeRecords;
