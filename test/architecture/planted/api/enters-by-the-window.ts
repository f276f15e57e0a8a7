import '../core/canonical/hash.ts';
