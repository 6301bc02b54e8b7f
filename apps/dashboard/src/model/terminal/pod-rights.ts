// What somebody may do with a pod from within. kubectl may create a stream where a browser has to get it as well.

export interface PodRights {
  exec: boolean;
  attach: boolean;
  execByKubectl: boolean;
  attachByKubectl: boolean;
  forward: boolean;
  debug: boolean;
}
