import { describeWrongInput } from './input/wrong-input';

// `npm run test:input` tests thousands of inputs.
describeWrongInput(3);
