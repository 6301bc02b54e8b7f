// Why a mutation could not be made, in kube-apiserver's words: what becomes of the request then, the policy's failure policy says.

export class MutationProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MutationProblem';
  }
}
