extension Image {
  /// A picture of a PNG file, turned upright.
  ///
  /// Throws `PNGError` or `FileError`.
  package init(decoding file: PNGFile) throws { self = try DecodedPicture(file).image }
}
