// How the control plane is: requests, how long they take, what fails, and what it costs.
import { controlPlaneCharts } from '../model/metrics/control-plane-charts.ts';
import { Charts } from '../parts/charts/charts.tsx';

export function ControlPlanePage() {
  return (
    <>
      <h1>Control plane</h1>
      <Charts charts={controlPlaneCharts} />
    </>
  );
}
