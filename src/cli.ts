#!/usr/bin/env node
import 'reflect-metadata';
import { buildProgram } from './command-line/program';

void buildProgram().parseAsync(process.argv);
