import '../../clients/sdk/index.ts';
