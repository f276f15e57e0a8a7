import '../../console/src/knows-adapter.ts';
