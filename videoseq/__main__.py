"""Lists the commands."""

from videoseq import __version__

TEXT = f"""videoseq {__version__}: train CNN+LSTM models on video and put them to work

commands (each with --help):
  python -m videoseq.train       train a model
      python -m videoseq.train +experiment=moving_shapes          the built-in example
      python -m videoseq.train data.root=DIR                      your videos: DIR/class_name/*.mp4
      python -m videoseq.train data.root=DIR resume=auto          continue a run that was stopped
  python -m videoseq.evaluate    measure a checkpoint on a split
      python -m videoseq.evaluate checkpoint=outputs/train/DATE/checkpoints/best.ckpt
  python -m videoseq.predict     classify new videos
      python -m videoseq.predict checkpoint=CKPT input=video.mp4
      python -m videoseq.predict checkpoint=CKPT input=DIR output=predictions.csv
  python -m videoseq.prepare     write a copy of a data set that decodes fast
      python -m videoseq.prepare data.root=DIR output=DIR2        then train on data.root=DIR2
  python -m videoseq.extract     write frames of videos as images
      python -m videoseq.extract what=frames input=video.mp4 output=frames
      python -m videoseq.extract what=frames input=DIR output=DIR num_frames=16
  python -m videoseq.experiment  run an experiment over several seeds and write its metrics.json
      python -m videoseq.experiment name=moving_shapes seeds=[0,1,2]
  python -m videoseq.crossvalidate  train and test on folds, and compare experiments on the same ones
      python -m videoseq.crossvalidate +experiment=kernel_size folds=5
      python -m videoseq.crossvalidate compare=[moving_shapes,moving_shapes_mean]
  python -m videoseq.benchmark   measure decoding, steps, trainings and caches beside what else one would use
      python -m videoseq.benchmark target=decode input=DIR

options are written key=value; groups choose a file: model/head=gru trainer=gpu optimizer=sgd"""

if __name__ == "__main__":
    print(TEXT)
