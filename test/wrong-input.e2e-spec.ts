import { describeWrongInput } from './input/wrong-input';

// The thousands are in `npm run test:input`.
describeWrongInput(3);
