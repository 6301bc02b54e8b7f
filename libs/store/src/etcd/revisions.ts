// etcd gives one revision to a whole request, and Berth nests many independent transactions in one. Clients of the API resume
// watches behind any single object's revision, so each transaction needs its own: etcd's revision in the high digits, the
// transaction's place in its request in the low ones.

/** Places in one request. The last one is nobody's: it stands for "all of this request". */
export const placesMax = 64;
const whole = placesMax - 1;

export const storeRevision = (etcdRevision: string | number, place: number): number => Number(etcdRevision) * placesMax + place;

/** The newest revision that anything of this etcd revision can have. */
export const wholeRevision = (etcdRevision: string | number): number => storeRevision(etcdRevision, whole);

export const etcdRevisionOf = (revision: number): number => Math.floor(revision / placesMax);

export const placeOf = (revision: number): number => revision % placesMax;

export const isWhole = (revision: number): boolean => placeOf(revision) === whole;
