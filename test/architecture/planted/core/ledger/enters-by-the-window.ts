import '../canonical/hash.ts';
