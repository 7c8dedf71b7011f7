#!/usr/bin/env node

// The command `livinglock`.

import { cacheCompiledCode } from './compile-cache.js';

cacheCompiledCode();
void import('./main.js').then(({ main }) => main());
