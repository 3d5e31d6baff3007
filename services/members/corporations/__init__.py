"""Corporate members 法人会員: their contacts 連絡者, and the corporate My Page 法人マイページ (M14)."""
