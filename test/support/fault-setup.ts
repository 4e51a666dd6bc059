import { openRecords } from './fault-matrix';

export default openRecords;
