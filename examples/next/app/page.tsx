import { Classifier } from './classifier';

export default function Page() {
  return (
    <main>
      <h1>What is in the picture?</h1>
      <Classifier />
    </main>
  );
}
