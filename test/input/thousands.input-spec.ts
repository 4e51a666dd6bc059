import { describeWrongInput } from './wrong-input';

describeWrongInput(40);
